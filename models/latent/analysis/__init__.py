"""The HTML report of `puppet analyze`, and a JSON file of all its figures.

figures   numbers from arrays            plots    matplotlib -> inline SVG
page      HTML                           study    a space and a data set, encoded once
views, maps, directions                  the page's sections
report    all of it, in order
"""
