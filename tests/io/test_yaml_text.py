"""YAML text to plain objects."""

from __future__ import annotations

import hashlib

import pytest
import yaml

from gjax.errors import ConfigError
from gjax.io.yaml_text import dump_yaml, load_yaml


def test_plain_objects_come_out():
    assert load_yaml("a: {b: [1, 2.5, x], c: null}") == {"a": {"b": [1, 2.5, "x"], "c": None}}


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "b:\n- {a: 1, a: 2}\n"])
def test_a_key_given_twice_is_refused(text):
    with pytest.raises(ConfigError, match="a: the key is given twice, line 2"):
        load_yaml(text)


def test_an_anchor_may_be_merged():
    text = "base: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\n"
    assert load_yaml(text)["other"] == {"a": 1, "b": 3}


@pytest.mark.parametrize("text", ["a: [", "{[1]: 2}", "!!python/object:os.system {}"])
def test_what_is_no_plain_yaml_is_refused(text):
    with pytest.raises(yaml.YAMLError):
        load_yaml(text)


def test_text_keeps_the_order_and_ends_with_its_sum():
    text = dump_yaml({"b": 1, "a": [{"c": "x"}]}, checksum=True)
    body, _, digest = text.rpartition("checksum: ")
    assert body == dump_yaml({"b": 1, "a": [{"c": "x"}]})
    assert list(load_yaml(body)) == ["b", "a"]
    assert digest.strip() == hashlib.md5(body.encode()).hexdigest()
