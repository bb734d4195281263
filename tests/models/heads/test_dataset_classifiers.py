import pytest
import torch
from torch import nn

from ausm_mm.models.heads import DatasetClassifiers

NAMES = ['plain', 'shapes', 'many', 'shapes']


@pytest.fixture
def classifiers():
    return DatasetClassifiers(8, dict(many=5, shapes=3, plain=1))


def test_one_data_set_is_its_linear_layer(classifiers):
    rows = torch.randn(2, 4, 8)
    head = classifiers.heads['shapes']
    assert isinstance(head, nn.Linear) and head.out_features == 4
    assert torch.equal(classifiers(rows, ['shapes', 'shapes']), head(rows))


def test_mixed_batch_equals_separate_batches(classifiers):
    rows = torch.randn(4, 6, 8)
    mixed = classifiers(rows, NAMES)
    assert mixed.shape == (4, 6, 6)  # five classes and background
    for frame, name in enumerate(NAMES):
        alone = classifiers(rows[frame:frame + 1], [name])[0]
        k = classifiers.num_classes[name]
        torch.testing.assert_close(mixed[frame, :, :k], alone[:, :k])
        torch.testing.assert_close(mixed[frame, :, -1], alone[:, -1])
        assert (mixed[frame, :, k:-1] == -torch.inf).all()
        torch.testing.assert_close(  # probabilities do not see the columns it does not have
            mixed[frame].softmax(-1)[:, [*range(k), 5]], alone.softmax(-1))


def test_gradients_reach_the_heads_present_only(classifiers):
    rows = torch.randn(2, 4, 8, requires_grad=True)
    classifiers(rows, ['plain', 'many']).softmax(-1)[..., 0].sum().backward()
    grads = {name: head.weight.grad for name, head in classifiers.heads.items()}
    assert grads['shapes'] is None
    assert grads['plain'].abs().max() > 0 and grads['many'].abs().max() > 0
    assert rows.grad.isfinite().all() and rows.grad.abs().amax((1, 2)).min() > 0


def test_gradients_of_a_mixed_batch_equal_those_of_separate_batches(classifiers):
    rows, weight = torch.randn(4, 6, 8), torch.randn(4, 6)
    classifiers(rows, NAMES).softmax(-1)[..., -1].mul(weight).sum().backward()
    mixed = {name: p.grad.clone() for name, p in classifiers.named_parameters()}
    classifiers.zero_grad()
    for frame, name in enumerate(NAMES):
        alone = classifiers(rows[frame:frame + 1], [name])
        alone.softmax(-1)[0, :, -1].mul(weight[frame]).sum().backward()
    for name, parameter in classifiers.named_parameters():
        torch.testing.assert_close(mixed[name], parameter.grad)


def test_under_autocast(classifiers):
    with torch.autocast('cpu', torch.bfloat16):
        mixed = classifiers(torch.randn(4, 6, 8), NAMES)
    assert mixed.dtype == torch.bfloat16 and mixed[2].isfinite().all()


def test_unknown_data_set(classifiers):
    with pytest.raises(ValueError) as error:
        classifiers(torch.randn(2, 4, 8), ['shapes', 'ovis'])
    assert str(error.value) == (
        "no classification head for data set 'ovis', only for ['many', 'plain', 'shapes']; "
        'add it to model.head.num_classes')


def test_shared_classifier():
    classifiers = DatasetClassifiers(8, dict(shapes=3, plain=1, ours='plain'))
    assert set(classifiers.heads) == {'shapes', 'plain'}
    rows = torch.randn(3, 4, 8)
    assert torch.equal(classifiers(rows, ['ours', 'shapes', 'plain']),
                       classifiers(rows, ['plain', 'shapes', 'plain']))


@pytest.mark.parametrize('other', ['ovis', 'theirs', 'ours'])
def test_shared_classifier_that_is_not_there(other):
    with pytest.raises(ValueError) as error:
        DatasetClassifiers(8, dict(plain=1, ours=other, theirs='plain'))
    assert str(error.value) == (
        f"model.head.num_classes: 'ours' shares the classifier of '{other}', which has none of its "
        "own; take one of ['plain']")
