"""What an LSTM has to beat: classifiers that anyone can train in a minute or none at all."""
