"""Why a model said what it said: callables in, attributions out; knows no model."""
