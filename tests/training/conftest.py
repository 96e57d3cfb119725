import pytest
from word_salad import make_reviews


@pytest.fixture
def reviews():
    return make_reviews(240)
