"""Numbers in, one page out: pictures, verdict and the offline HTML report."""
