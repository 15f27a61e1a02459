"""Final scorings in MLflow, ranked among those of equal protocol."""
