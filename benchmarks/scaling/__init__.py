"""What training on more pictures, machines and days needs: formulas, filled with measurements."""
