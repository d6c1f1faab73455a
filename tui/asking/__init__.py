"""Questions of Ask: both answers to a question, and who writes them."""
