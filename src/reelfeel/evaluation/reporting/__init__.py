"""From a saved model and labelled reviews to the numbers of its report."""
