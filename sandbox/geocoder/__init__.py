"""A geocoder: Google's answers and Nominatim's, for addresses in the cities it knows."""
