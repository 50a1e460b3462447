"""Any style without training a style: whitening and coloring of feature maps (Li et al. 2017)."""
