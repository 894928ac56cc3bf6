"""`python -m models analyze`: what a latent space has learnt, as one HTML page and one JSON file of all figures.

figures   numbers from arrays            plots    matplotlib -> inline SVG
page      HTML                           study    a space and a data set, looked at once
views, maps, directions                  the page's sections
report    all of it, in order
"""
