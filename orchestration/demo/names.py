"""Words of which the demo company's world makes names: of people, companies, places.

All of them are made up or plain words; who gets which name is decided in company.py and people.py.
"""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


FIRST_NAMES = _words(
    """
    Ada Alba Amara Anton Arno Astrid Bela Bruno Carla Cedric Clara Dario Delia Edda Elias Elin
    Emil Enzo Esme Fabian Fiona Flora Gemma Greta Hanna Hugo Ida Ines Iris Ivo Jana Jasper Joana
    Jonas Juno Karim Keira Lars Lea Leona Levi Lina Lorenz Luca Maeve Malik Mara Marlon Mila
    Milo Nadia Nico Nina Noel Nora Odin Olga Oscar Paula Petra Quinn Rafael Rhea Robin Rosa
    Ruben Sami Selma Silas Sonia Stella Tariq Theo Tilda Tomas Ulla Vera Viktor Wanda Willem
    Xenia Yara Yusuf Zara Zeno
    """
)

LAST_NAMES = _words(
    """
    Abelow Ackerby Albrink Amsel Ansgard Arkwell Ashgrove Balder Barlowe Bexley Birkfeld
    Blackmoor Bramwell Brenning Brookhart Calloran Carrowby Castell Cormell Cragwood Dahlberg
    Dalloway Dannert Delacourt Dornhaus Drayton Eastmere Eckhart Elmgren Ennisford Falkner
    Farrowdale Fenwright Ferrante Finchley Fosterby Gallbraith Garnell Glennard Grauwald
    Greenholt Hackforth Halvorsen Harkness Hartigan Hawkesby Heldane Hollander Iverness Jarrold
    Jessop Kaldwell Karsten Kellerby Kestrel Kirkbride Langmere Larkspur Lindqvist Lockhart
    Lorimer Mallory Marchetti Marlowe Merrick Mistral Moreland Nettleby Norhaven Oakhurst
    Oldfield Orsini Palmgren Pellworth Penhallow Quartley Quillon Radnor Ravensby Redfern
    Rosenau Rothwell Sandoval Selwyn Severin Sheffer Sommerby Stanmore Stroud Tamworth Tennant
    Testa Thornbury Tolliver Ullman Vanterpool Varga Vestergaard Wainwright Waldron Wexford
    Whitlock Winterbourne Wolfram Yarrow Yarwood Zeller Zimmerby
    """
)

NAME_HEADS = _words(
    """
    Alder Amber Anchor Apex Arbor Ash Azure Bay Birch Black Blue Bright Brook Canyon Cedar Clear
    Cliff Cloud Coast Copper Coral Crest Crystal Dawn Deep Delta Drift Dune Eagle East Elm Ember
    Ever Fair Falcon Fern Field Fir Flint Frost Glen Gold Granite Green Grove
    """
)

NAME_TAILS = _words(
    """
    bank beam bell berry bird bridge brook burst crest dale field fjord flow forge fort gate
    glade grove harbor haven hill hollow lake land leaf light line loft marsh mead mill mont
    moor peak pine point port reach ridge shore side spring stone stream vale view ward water
    way well wind wood works yard
    """
)

SECTORS = [
    ("Logistics", "Transportation"),
    ("Freight", "Transportation"),
    ("Foods", "Food & Beverage"),
    ("Dairy", "Food & Beverage"),
    ("Health", "Healthcare"),
    ("Diagnostics", "Healthcare"),
    ("Biotech", "Biotechnology"),
    ("Software", "Technology"),
    ("Analytics", "Technology"),
    ("Robotics", "Technology"),
    ("Networks", "Communications"),
    ("Media", "Media"),
    ("Energy", "Energy"),
    ("Solar", "Energy"),
    ("Steel", "Manufacturing"),
    ("Machinery", "Manufacturing"),
    ("Textiles", "Manufacturing"),
    ("Packaging", "Manufacturing"),
    ("Insurance", "Insurance"),
    ("Capital", "Finance"),
    ("Payments", "Finance"),
    ("Retail", "Retail"),
    ("Outfitters", "Retail"),
    ("Hotels", "Hospitality"),
    ("Travel", "Hospitality"),
    ("Learning", "Education"),
    ("Homes", "Construction"),
    ("Engineering", "Engineering"),
    ("Consulting", "Consulting"),
    ("Legal", "Consulting"),
]

# country as first written, other spellings of it, currency, weight
COUNTRIES: list[tuple[str, tuple[str, ...], str, int]] = [
    ("United States", ("United States", "USA", "US"), "USD", 55),
    ("Canada", ("Canada",), "USD", 8),
    ("United Kingdom", ("United Kingdom", "UK"), "USD", 9),
    ("Germany", ("Germany", "Deutschland"), "EUR", 12),
    ("France", ("France",), "EUR", 7),
    ("Netherlands", ("Netherlands", "The Netherlands"), "EUR", 5),
    ("Ireland", ("Ireland",), "EUR", 4),
]
