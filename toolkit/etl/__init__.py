"""Extract, transform, load: plain functions over DataFrames that a pipeline anywhere can use."""
