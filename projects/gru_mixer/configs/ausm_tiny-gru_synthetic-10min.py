"""The tiny model on the synthetic set, with a GRU where it has Mamba."""
_base_ = '../../../configs/ausm/ausm_tiny_synthetic-10min.py'
custom_imports = dict(imports=['projects.gru_mixer.gru_mixer'])
model = dict(compressor=dict(mixer=dict(_delete_=True, type='GRUMixer')))
