mod attacks;
mod fixture;
mod floors;
mod freshness;
mod mutations;
mod policy;
mod publication;
mod revocation;
