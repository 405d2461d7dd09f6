"""A password is not the account or the name with a few digits behind."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tests.factories import OperatorFactory


@pytest.mark.parametrize("password", ["zhangweiming2026", "2026ZhangWeiMing!!", "张伟明19900101"])
def test_neither_the_account_nor_the_name_is_a_password(password):
    clerk = OperatorFactory.build(username="zhangweiming", name="张伟明")
    with pytest.raises(ValidationError, match="账号"):
        validate_password(password, clerk)
    validate_password("zhangweiming-Lanse-Fanchuan", OperatorFactory.build(username="other", name="别人"))
