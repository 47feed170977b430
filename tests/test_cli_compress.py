import numpy as np

from efficient_ai import cli


def test_a_model_goes_into_a_compressed_file_and_comes_back(capsys, tmp_path):
    import keras

    from efficient_ai import models
    from efficient_ai.compress import Cluster, Magnitude, cluster, prune, rounded

    thin = prune(models.load("lenet_300_100"), Magnitude(0.9))
    thin.save(tmp_path / "thin.keras")
    arguments = ["compress", str(tmp_path / "thin.keras"), "--bits", "4", "--out", str(tmp_path / "thin.eac")]
    assert cli.main(arguments) == 0
    assert f"{(tmp_path / 'thin.eac').stat().st_size:,} bytes" in capsys.readouterr().out
    assert cli.main(["decompress", str(tmp_path / "thin.eac"), "--out", str(tmp_path / "again.keras")]) == 0
    again = keras.models.load_model(tmp_path / "again.keras", compile=False)
    wanted = rounded(cluster(thin, Cluster(4, 4)))
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), wanted.get_weights(), strict=True))


def test_a_damaged_file_wrong_bits_and_another_architecture_are_one_line(capsys, tmp_path):
    whole, out = tmp_path / "net.eac", str(tmp_path / "net.keras")
    assert cli.main(["compress", "softmax_regression", "--out", str(whole)]) == 0
    (tmp_path / "cut.eac").write_bytes(whole.read_bytes()[:-50])
    capsys.readouterr()
    for arguments, complaint in (
        (["decompress", str(tmp_path / "cut.eac"), "--out", out], "checksum is wrong"),
        (["decompress", str(tmp_path / "none.eac"), "--out", out], "there is no file"),
        (["decompress", str(whole), "--model", "lenet_300_100", "--out", out], "with 2 arrays, lenet_300_100 has 6"),
        (["compress", "softmax_regression", "--bits", "99", "--out", out], "bits must be in 1..16, got 99"),
    ):
        assert cli.main(arguments) == 2
        error = capsys.readouterr().err
        assert complaint in error
        assert error.count("\n") == 1
    assert not (tmp_path / "net.keras").exists()
