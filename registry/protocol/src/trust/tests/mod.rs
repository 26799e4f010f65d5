mod attacks;
mod fixture;
mod floors;
mod mutations;
mod policy;
mod publication;
mod revocation;
