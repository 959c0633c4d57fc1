"""The pairs that results are judged by. Neither network was trained on any of these images, nor on another version of them."""
import collections

Pair = collections.namedtuple("Pair", "content style flat")  # flat: the style has flat areas and hard edges

_LIST = """
mountains_schroeder.jpg van_gogh_starry_night_1889.jpg
sea_lighthouse_bout.jpg hokusai_great_wave_1831.jpg
pier_sunset.jpg turner_shipwreck_minotaur_1810.jpg
animal_cat.jpg kandinsky_composition_vii_1913.jpg
street_night_shop.jpg van_gogh_starry_night_rhone_1888.jpg
city_potala_palace.jpg munch_the_scream_1893.jpg
architecture_chapel.png mondrian_tableau_2_1913.jpg flat
blossoms_washington_monument.png monet_water_lilies_1919.jpg
mountains_schroeder.jpg bruegel_harvesters_1565_met_1600.jpg
animal_cat.jpg caillebotte_chrysanthemums_1893_met_1600.jpg
city_potala_palace.jpg van_gogh_starry_night_1889.jpg
architecture_chapel.png kandinsky_composition_vii_1913.jpg
sea_lighthouse_bout.jpg monet_water_lilies_1919.jpg
blossoms_washington_monument.png munch_the_scream_1893.jpg
sea_lighthouse_bout.jpg art/0078.jpg flat
mountains_schroeder.jpg mosaic.jpg flat
animal_cat.jpg hokusai_great_wave_1831.jpg flat
pier_sunset.jpg van_gogh_starry_night_1889.jpg
street_night_shop.jpg kandinsky_composition_vii_1913.jpg
architecture_chapel.png van_gogh_starry_night_rhone_1888.jpg
city_potala_palace.jpg turner_shipwreck_minotaur_1810.jpg
blossoms_washington_monument.png bruegel_harvesters_1565_met_1600.jpg
pier_sunset.jpg hokusai_great_wave_1831.jpg
street_night_shop.jpg caillebotte_chrysanthemums_1893_met_1600.jpg
"""
PAIRS = [Pair(*(line.split() + [""])[:3]) for line in _LIST.split("\n") if line]


def paths(images, drawn, pair):
    """Content and style: in the folder of images, or in that of the demonstration's."""
    style = (drawn / pair.style if pair.style == "mosaic.jpg" else images / pair.style if "/" in pair.style
             else images / "test_style" / pair.style)
    return images / "test_content" / pair.content, style
