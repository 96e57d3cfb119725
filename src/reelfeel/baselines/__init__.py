"""Baseline classifiers that a model is compared with: majority, lexicon, TF-IDF and NB-SVM."""
