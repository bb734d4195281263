from .query_loss import QueryLoss

__all__ = ['QueryLoss']
