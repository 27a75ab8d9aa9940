"""What the user allows and prefers."""

from __future__ import annotations

from ttyhost.plugins import Policy


def test_nothing_set_allows_all() -> None:
    policy = Policy.from_environ({})
    assert policy == Policy()
    assert policy.refuses("anything") == ""


def test_lists_are_of_distributions_in_any_spelling() -> None:
    policy = Policy.from_environ(
        {"TTYHOST_PLUGINS": "My_Slip, other.dist,,", "TTYHOST_DISABLED_PLUGINS": "Other-Dist"}
    )
    assert policy.refuses("my-slip") == ""
    assert "TTYHOST_DISABLED_PLUGINS" in policy.refuses("other-dist")
    assert "TTYHOST_PLUGINS" in policy.refuses("third")


def test_an_empty_allow_list_allows_none() -> None:
    assert Policy.from_environ({"TTYHOST_PLUGINS": ""}).refuses("ttyhost-slip")
    assert not Policy.from_environ({"TTYHOST_DISABLED_PLUGINS": ""}).refuses("ttyhost-slip")


def test_preferences() -> None:
    policy = Policy.from_environ({"TTYHOST_PREFER": "5:ttyhost-kiss, Mode : Other_Mode"})
    assert policy.prefer == {"5": "ttyhost-kiss", "mode": "other-mode"}
    assert not policy.problems


def test_a_preference_that_cannot_be_read_is_a_problem_and_the_others_hold() -> None:
    policy = Policy.from_environ({"TTYHOST_PREFER": "kiss,5:,:x,6:good"})
    assert policy.prefer == {"6": "good"}
    assert [p.code for p in policy.problems] == ["W-SETTING"] * 3
    assert "'kiss' is not NUMBER:DISTRIBUTION" in policy.problems[0].text


def test_of_two_preferences_for_one_number_neither_holds() -> None:
    """Order never decides, in the variable as little as on the path."""
    one = Policy.from_environ({"TTYHOST_PREFER": "5:a,5:b"})
    other = Policy.from_environ({"TTYHOST_PREFER": "5:b,5:a"})
    assert one == other
    assert one.prefer == {}
    assert one.problems[0].text == "TTYHOST_PREFER: 5 is given to each of a, b"
