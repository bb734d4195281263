from .dataset_classifiers import DatasetClassifiers
from .query_decoder_head import QueryDecoderHead, RowPrediction

__all__ = ['DatasetClassifiers', 'QueryDecoderHead', 'RowPrediction']
