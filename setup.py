"""What pyproject.toml cannot say: the region folders travel in the wheel as the data package `shebao_regions`."""

from setuptools import find_packages, setup

setup(packages=[*find_packages("src"), "shebao_regions"])
