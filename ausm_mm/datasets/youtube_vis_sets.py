"""The official sets in the YouTube-VIS format: classes in the order of their category ids."""
from ..registry import DATASETS
from .palettes import class_palette
from .youtube_vis import YouTubeVISDataset


@DATASETS.register_module()
class YouTubeVIS2019Dataset(YouTubeVISDataset):
    """YouTube-VIS 2019: 40 classes; arguments as in :class:`YouTubeVISDataset`."""
    METAINFO = dict(
        classes=(
            'person', 'giant_panda', 'lizard', 'parrot', 'skateboard', 'sedan', 'ape', 'dog',
            'snake', 'monkey', 'hand', 'rabbit', 'duck', 'cat', 'cow', 'fish', 'train', 'horse',
            'turtle', 'bear', 'motorbike', 'giraffe', 'leopard', 'fox', 'deer', 'owl', 'surfboard',
            'airplane', 'truck', 'zebra', 'tiger', 'elephant', 'snowboard', 'boat', 'shark',
            'mouse', 'frog', 'eagle', 'earless_seal', 'tennis_racket'),
        palette=class_palette(40))

    def __init__(self, *args, dataset_name: str = 'youtube_vis_2019', **kwargs) -> None:
        super().__init__(*args, dataset_name=dataset_name, **kwargs)


@DATASETS.register_module()
class YouTubeVIS2021Dataset(YouTubeVISDataset):
    """YouTube-VIS 2021: 40 classes; arguments as in :class:`YouTubeVISDataset`."""
    METAINFO = dict(
        classes=(
            'airplane', 'bear', 'bird', 'boat', 'car', 'cat', 'cow', 'deer', 'dog', 'duck',
            'earless_seal', 'elephant', 'fish', 'flying_disc', 'fox', 'frog', 'giant_panda',
            'giraffe', 'horse', 'leopard', 'lizard', 'monkey', 'motorbike', 'mouse', 'parrot',
            'person', 'rabbit', 'shark', 'skateboard', 'snake', 'snowboard', 'squirrel',
            'surfboard', 'tennis_racket', 'tiger', 'train', 'truck', 'turtle', 'whale', 'zebra'),
        palette=class_palette(40))

    def __init__(self, *args, dataset_name: str = 'youtube_vis_2021', **kwargs) -> None:
        super().__init__(*args, dataset_name=dataset_name, **kwargs)


@DATASETS.register_module()
class OVISDataset(YouTubeVISDataset):
    """OVIS: 25 classes, spelled as in its json; arguments as in :class:`YouTubeVISDataset`."""
    METAINFO = dict(
        classes=(
            'Person', 'Bird', 'Cat', 'Dog', 'Horse', 'Sheep', 'Cow', 'Elephant', 'Bear', 'Zebra',
            'Giraffe', 'Poultry', 'Giant_panda', 'Lizard', 'Parrot', 'Monkey', 'Rabbit', 'Tiger',
            'Fish', 'Turtle', 'Bicycle', 'Motorcycle', 'Airplane', 'Boat', 'Vehical'),
        palette=class_palette(25))

    def __init__(self, *args, dataset_name: str = 'ovis', **kwargs) -> None:
        super().__init__(*args, dataset_name=dataset_name, **kwargs)
