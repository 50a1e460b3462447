"""Apply any style without training for it, by whitening and coloring (Li et al. 2017)."""
