"""From a trained network to the folder that is served: ``python -m training.export WORK_FOLDER``."""
