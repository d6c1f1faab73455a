"""Text for a screen: untrusted text made safe, numbers and times in words, differences, queries."""
