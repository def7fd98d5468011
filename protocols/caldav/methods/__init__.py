"""One module for each method that has something to say."""
