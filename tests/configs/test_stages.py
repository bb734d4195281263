"""The configs of the paper's three stages: its numbers, and what makes up a stage."""
from pathlib import Path

import pytest
from mmengine.config import Config

FOLDER = Path(__file__).parents[2] / 'configs'
SIZES = ('t', 's', 'b', 'l')
STAGES = {
    1: dict(length=3, iterations=147500, sources=['coco']),
    2: dict(length=5, iterations=32000, sources=[
        'coco', 'mose', 'sav', 'youtube_vis_2019', 'youtube_vis_2021', 'ovis']),
    3: dict(length=16, iterations=40000, sources=[
        'coco', 'mose', 'sav', 'youtube_vis_2019', 'youtube_vis_2021', 'ovis', 'davis2017']),
}
CLASSES = dict(coco=80, mose=1, sav=1, youtube_vis_2019=40, youtube_vis_2021=40, ovis=25,
               davis2017=1)


def load(size, stage):
    return Config.fromfile(FOLDER / f'ausm/ausm_swin-{size}_stage{stage}.py')


def sources(config):
    dataset = config.train_dataloader.dataset
    return dataset.get('datasets', [dataset])


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('stage', STAGES)
def test_the_papers_numbers(size, stage):
    config, expected = load(size, stage), STAGES[stage]
    assert [source.dataset_name for source in sources(config)] == expected['sources']
    for source in sources(config):
        lengths = [step.length for step in source.pipeline if 'length' in step]
        # A still image is one frame up to PseudoVideo.
        assert lengths == ([1] if source.dataset_name == 'coco' else []) + [expected['length']]
    assert config.train_cfg.max_iters == expected['iterations']
    assert config.model.head.num_classes == {name: CLASSES[name] for name in expected['sources']}
    assert config.optim_wrapper.optimizer.lr == 1e-4
    assert config.train_dataloader.batch_size == 1 and config.auto_scale_lr.base_batch_size == 16


@pytest.mark.parametrize('stage', [2, 3])
def test_the_mix_reads_the_data_sets_own_files(stage):
    """Nothing but the length of the clips differs."""
    for source in sources(load('t', stage)):
        file = {'coco': 'coco_pseudo_video', 'davis2017': 'davis_2017'}.get(
            source.dataset_name, source.dataset_name)
        own, = sources(Config.fromfile(FOLDER / f'_base_/datasets/{file}.py'))
        for steps in (own.pipeline, source.pipeline):
            for step in steps:
                step.pop('length', None)
        assert source == own


def test_only_the_last_stage_is_frozen():
    frozen = [load('t', stage).model.get('frozen', []) for stage in STAGES]
    assert frozen == [[], [], ['backbone', 'pixel_encoder']]


@pytest.mark.parametrize('size', SIZES)
def test_each_stage_starts_from_the_one_before(size):
    starts = [load(size, stage).load_from for stage in STAGES]
    assert starts == [f'checkpoints/mask2former_swin-{size}_coco.pth',
                      f'work_dirs/ausm_swin-{size}_stage1/iter_147500.pth',
                      f'work_dirs/ausm_swin-{size}_stage2/iter_32000.pth']
    # Weights that load_from would replace are not fetched.
    assert all(load(size, stage).model.backbone.init_cfg is None for stage in STAGES)


@pytest.mark.parametrize('size', SIZES[1:])
@pytest.mark.parametrize('stage', STAGES)
def test_sizes_differ_in_the_model_alone(size, stage):
    """Hence a step of each stage at one size, and of each size in one stage, stands for all."""
    own, tiny = load(size, stage).to_dict(), load('t', stage).to_dict()
    base = Config.fromfile(FOLDER / f'_base_/models/ausm_swin-{size}.py').model.to_dict()
    for config in (own, tiny):
        del config['load_from']
    model, reference = own.pop('model'), tiny.pop('model')
    assert own == tiny
    changed = {'backbone', 'head', 'frozen'}
    assert {k: v for k, v in model.items() if k not in changed} == {
        k: v for k, v in base.items() if k not in changed}
    assert model['backbone'] == dict(base['backbone'], init_cfg=None)
    assert model['head'] == dict(base['head'], num_classes=reference['head']['num_classes'])
    assert model.get('frozen') == reference.get('frozen')
