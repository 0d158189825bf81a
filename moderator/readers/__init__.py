"""Inputs: files and streams become documents, or failures with their place."""
