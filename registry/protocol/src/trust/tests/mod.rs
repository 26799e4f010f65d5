mod attacks;
mod fixture;
mod floors;
mod policy;
mod publication;
