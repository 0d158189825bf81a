"""Languages."""

from __future__ import annotations

import pytest

from moderator.language import identify, names
from moderator.text import columns, encode

SENTENCES = {
    "en": "The bread needs another hour before it goes into the oven.",
    "de": "Das Brot braucht noch eine Stunde, bevor es in den Ofen kommt.",
    "fr": "Le pain doit encore lever une heure avant d'aller au four.",
    "es": "El pan necesita otra hora antes de entrar en el horno.",
    "it": "Il pane ha bisogno di un'altra ora prima di andare in forno.",
    "pt": "O pão precisa de mais uma hora antes de ir para o forno.",
    "nl": "Het brood heeft nog een uur nodig voordat het in de oven gaat.",
    "pl": "Chleb potrzebuje jeszcze godziny, zanim trafi do pieca.",
    "ru": "Хлебу нужен ещё час, прежде чем он отправится в печь.",
    "uk": "Хлібу потрібна ще година, перш ніж він піде у піч.",
    "tr": "Ekmeğin fırına girmeden önce bir saate daha ihtiyacı var.",
    "vi": "Bánh mì cần thêm một giờ nữa trước khi cho vào lò.",
    "id": "Roti itu perlu satu jam lagi sebelum masuk ke dalam oven.",
    "ar": "يحتاج الخبز إلى ساعة أخرى قبل أن يدخل الفرن.",
    "fa": "نان قبل از رفتن به تنور به یک ساعت دیگر نیاز دارد.",
    "hi": "रोटी को ओवन में जाने से पहले एक घंटा और चाहिए।",
    "zh": "面包在进烤箱之前还需要一个小时。",
    "ja": "パンはオーブンに入れる前にもう一時間必要です。",
    "ko": "빵은 오븐에 넣기 전에 한 시간이 더 필요합니다.",
    "el": "Το ψωμί χρειάζεται άλλη μια ώρα πριν μπει στον φούρνο.",
    "th": "ขนมปังต้องใช้เวลาอีกหนึ่งชั่วโมงก่อนเข้าเตาอบ",
    "he": "הלחם צריך עוד שעה לפני שהוא נכנס לתנור.",
}


def spoken(*texts: str) -> list[str]:
    found = identify(columns(*encode(texts)))
    return [names()[i] for i in found.language]


@pytest.mark.parametrize("language", SENTENCES)
def test_knows_sentences(language: str) -> None:
    assert spoken(SENTENCES[language]) == [language]


@pytest.mark.parametrize("language", SENTENCES)
def test_case_does_not_matter(language: str) -> None:
    assert spoken(SENTENCES[language].upper()) == [language]


def test_the_seed_of_it_all() -> None:
    assert spoken("Ссылка сайт онлайн") == ["ru"]


@pytest.mark.parametrize("text", ["", " ", "12345", "🙂🙂", "\ud800", "\0", "---", "@#%"])
def test_does_not_know_what_has_no_letters(text: str) -> None:
    found = identify(columns(*encode([text])))
    assert names()[found.language[0]] == "und"
    assert found.probability[0] == 0.0


def test_is_unsure_when_evidence_is_thin() -> None:
    found = identify(columns(*encode(["ok", "taxi"])))
    assert all(names()[i] == "und" or p < 0.99 for i, p in zip(found.language, found.probability, strict=True))


def test_neighbours_do_not_matter() -> None:
    texts = list(SENTENCES.values())
    assert spoken(*texts) == [spoken(text)[0] for text in texts]


def test_a_stray_kana_is_no_japanese() -> None:
    assert spoken("我喜欢这家の面包店，因为他们的面包又香又软，价格也很便宜。") == ["zh"]
