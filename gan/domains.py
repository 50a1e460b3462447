"""The two domains of images and the two directions between them."""

from typing import Literal

Domain = Literal["a", "b"]
Direction = Literal["ab", "ba"]
