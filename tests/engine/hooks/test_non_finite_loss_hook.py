from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ausm_mm.engine import NonFiniteLossHook, SeedIterationHook
from ausm_mm.errors import UserError
from ausm_mm.structures import ClipDataSample, FrameFeatures


class Divide(nn.Module):
    """Its own computation goes wrong; the linear layer behind it only passes it on."""

    def __init__(self):
        super().__init__()
        self.out_proj = nn.Linear(2, 2)

    def forward(self, x, by):
        return self.out_proj(x / by)


class Dropped(nn.Module):
    """nan in about half of all draws."""

    def forward(self, x):
        return x / (torch.rand(()) > 0.5)


class Mask(nn.Module):
    """As the class logits: -inf for a class that the data set does not have."""

    def forward(self, x):
        return torch.cat([x, torch.full_like(x, -torch.inf)])


class Model(nn.Module):

    def __init__(self, drop=False):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.mask = Mask()
        self.divide = Divide()
        self.drop = Dropped() if drop else nn.Identity()
        self.last = nn.Linear(2, 2)

    def forward(self, inputs, data_samples, mode):
        x = self.drop(self.mask(self.first(inputs)).exp())
        y = self.last(self.divide(x, by=inputs.new_tensor(data_samples[0].by)))
        return dict(loss_a=x.sum(), loss_b=y.sum())


def clip(by=1., name='clip'):
    return ClipDataSample(metainfo=dict(
        dataset_name='davis', video_name=name, frame_ids=[3, 5], by=by))


@pytest.fixture
def forward():
    """Function (model, samples, iteration, mode): as in a training with the hook."""

    def run(model, *samples, iteration=6, mode='loss'):
        runner = SimpleNamespace(model=model, iter=iteration, seed=0)
        hook = NonFiniteLossHook()
        hook.before_train(runner)
        try:
            SeedIterationHook().before_train_iter(runner, iteration)
            return model(inputs=torch.ones(1, 2), data_samples=samples, mode=mode)
        finally:
            hook.after_train(runner)

    return run


def error_line(function, *args, **kwargs):
    with pytest.raises(UserError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_finite_losses_pass(forward):
    model = Model()
    losses = forward(model, clip())
    assert losses['loss_a'].requires_grad and losses['loss_b'].isfinite()
    assert not model._forward_hooks


def test_module_whose_own_computation_goes_wrong(forward):
    line = error_line(forward, Model(), clip(by=0.), clip(name='other'))
    assert line == (
        'iteration 7: loss_b not finite, first in divide (Divide); clips: davis/clip frames '
        '[3, 5], davis/other frames [3, 5]; lower optim_wrapper.optimizer.lr or leave the clips '
        'out, and go on with --resume')


def test_broken_weights(forward):
    model = Model()
    model.divide.out_proj.weight.data[0, 0] = torch.nan
    assert ('loss_b not finite, first in divide.out_proj (Linear), whose weights are not finite; '
            in error_line(forward, model, clip()))


def test_no_module_but_the_model_itself(forward):
    model = Model()
    model.forward = lambda inputs, data_samples, mode: dict(loss_a=inputs.sum() * torch.nan)
    assert 'loss_a not finite, first in Model itself; ' in error_line(forward, model, clip())


def test_same_draws_as_in_the_iteration(forward):
    """The second pass goes wrong where the first one did, whatever was drawn between them."""
    model, wrong = Model(drop=True), 0
    for iteration in range(12):
        try:
            forward(model, clip(), iteration=iteration)
        except UserError as error:
            assert 'loss_a, loss_b not finite, first in drop (Dropped); ' in str(error)
            wrong += 1
    assert 0 < wrong < 12


def test_predictions_are_not_looked_at(forward):
    assert forward(Model(), clip(by=0.), mode='predict')['loss_b'].isnan()


def test_dataclasses_are_looked_into(forward):
    class Encoder(nn.Module):

        def forward(self, x):
            return FrameFeatures((x / 0, ), x, x, torch.tensor([[4, 4]]), (4, 4))

    class Reader(nn.Module):

        def forward(self, features):
            return features.x.sum()

    class Reads(nn.Module):

        def __init__(self):
            super().__init__()
            self.encoder, self.reader = Encoder(), Reader()

        def forward(self, inputs, data_samples, mode):
            return dict(loss=self.reader(self.encoder(inputs)))

    assert 'first in encoder (Encoder); ' in error_line(forward, Reads(), clip())
