from __future__ import annotations

import numpy as np
import pytest

from twofold.errors import DataError, OptionError
from twofold.metrics import CorrelationToAverage, SingleTrialCorrelation, single_trial_correlation

N = 5


@pytest.fixture
def clips():
    """Six clips of unequal length, recorded and predicted."""
    rng = np.random.default_rng(0)
    true = [rng.gamma(1.0, size=(length, N)) for length in (60, 75, 51, 90, 66, 58)]
    return [(y, y + rng.normal(size=y.shape)) for y in true]


def published(clips, skip=50):
    """The competition's number: Pearson over concatenated clips with population sd, NaN to 0."""
    true, predicted = (np.concatenate([pair[i][skip:] for pair in clips]) for i in (0, 1))
    with np.errstate(invalid="ignore"):
        z_true, z_predicted = ((x - x.mean(0)) / x.std(0) for x in (true, predicted))
    return np.nan_to_num((z_true * z_predicted).mean(0))


def test_it_is_the_published_number(clips):
    score = single_trial_correlation(clips)
    np.testing.assert_allclose(score.per_neuron, published(clips))
    assert score.mean == pytest.approx(published(clips).mean())


def test_frames_skipped_are_counted_from_the_beginning_of_the_response(clips):
    whole = single_trial_correlation(clips).per_neuron
    late = SingleTrialCorrelation()
    for true, predicted in clips:
        late.update(true[18:], predicted[18:], first_frame=18)
    np.testing.assert_array_equal(late.result().per_neuron, whole)
    np.testing.assert_allclose(
        single_trial_correlation(clips, frames_skipped=3).per_neuron, published(clips, 3)
    )
    beyond = SingleTrialCorrelation()
    beyond.update(clips[0][0][55:], clips[0][1][55:], first_frame=55)
    assert beyond.moments.n[0] == 5


def test_processes_in_any_order_give_the_same(clips):
    one, two, three = (SingleTrialCorrelation() for _ in range(3))
    for i, (true, predicted) in enumerate(clips):
        (one if i % 2 else two).update(true, predicted)
    three.merge(one)
    three.merge(two)
    three.merge(SingleTrialCorrelation())
    np.testing.assert_allclose(three.result().per_neuron, published(clips), rtol=1e-12)


def test_neurons_that_never_change_follow_the_policy(clips):
    silent = [(np.where(np.arange(N) == 2, 0.1, y), y_hat) for y, y_hat in clips]
    zero = single_trial_correlation(silent)
    left_out = single_trial_correlation(silent, undefined="leave out")
    assert zero.n_undefined == left_out.n_undefined == 1
    assert np.isnan(zero.per_neuron).tolist() == [False, False, True, False, False]
    others = np.delete(published(clips), 2)
    assert zero.mean == pytest.approx(others.sum() / N)
    assert left_out.mean == pytest.approx(others.mean())
    constant_prediction = [(y, np.where(np.arange(N) == 2, 0.1, y_hat)) for y, y_hat in clips]
    assert single_trial_correlation(constant_prediction, undefined="leave out").per_neuron[2] == 0
    assert np.isnan(single_trial_correlation([(0 * y, y) for y, _ in clips], undefined="leave out").mean)


def test_entries_that_do_not_count_may_be_missing(clips):
    score, reference = SingleTrialCorrelation(frames_skipped=0), SingleTrialCorrelation(frames_skipped=0)
    y, y_hat = clips[0]
    counted = np.ones(y.shape, dtype=bool)
    counted[20:] = False
    score.update(np.where(counted, y, np.nan), y_hat, counted=counted)
    reference.update(y[:20], y_hat[:20])
    np.testing.assert_allclose(score.result().per_neuron, reference.result().per_neuron)


def test_correlation_to_the_average_is_that_of_the_means_over_repeats():
    rng = np.random.default_rng(1)
    videos = {"a": rng.normal(size=(4, 60, N)), "b": rng.normal(size=(7, 70, N))}
    predictions = {name: rng.normal(size=y.shape) + y.mean(0) for name, y in videos.items()}
    one, two = CorrelationToAverage(frames_skipped=10), CorrelationToAverage(frames_skipped=10)
    for name, repeats in videos.items():
        for i, (y, y_hat) in enumerate(zip(repeats, predictions[name], strict=True)):
            (one if i % 3 else two).update(name, y[4:], y_hat[4:], first_frame=4)
    one.merge(two)
    means = [(y.mean(0), predictions[name].mean(0)) for name, y in videos.items()]
    np.testing.assert_allclose(one.result().per_neuron, published(means, 10))


def test_bad_input_is_refused(clips):
    with pytest.raises(OptionError, match="frames_skipped=-1"):
        SingleTrialCorrelation(frames_skipped=-1)
    with pytest.raises(OptionError, match="undefined='zeros': did you mean 'zero'"):
        CorrelationToAverage(undefined="zeros")
    with pytest.raises(DataError, match="50 frames of each clip are skipped, and no clip is longer"):
        single_trial_correlation([(y[:50], y_hat[:50]) for y, y_hat in clips])
    with pytest.raises(DataError, match="nothing to score"):
        single_trial_correlation([])
    score = SingleTrialCorrelation()
    score.update(*clips[0])
    with pytest.raises(DataError, match="a clip of 2 neurons, after clips of 5"):
        score.update(clips[1][0][:, :2], clips[1][1][:, :2])
