package dev.jiffy.pipeline;

import java.text.Normalizer;

/// What BERT's normalisation and word splitting make of each character.
///
/// Characters of the control, format and private kinds are dropped, white space ends a word,
/// punctuation and Chinese characters are words of their own, accents go and capitals become small.
///
/// @param cleans whether control characters are dropped
/// @param splitsChinese whether each Chinese character is a word
/// @param stripsAccents whether nonspacing marks are dropped after decomposition
/// @param lowerCases whether capitals become small
record BertCharacters(
    boolean cleans, boolean splitsChinese, boolean stripsAccents, boolean lowerCases) {

  /// Takes the words.
  interface Words {
    /// Adds a character to the word.
    void append(int c);

    /// Ends the word, if there is one.
    void endWord();
  }

  /// Reads a character of the text.
  void read(int c, Words words) {
    if (c < 0x80) {
      ascii(c, words);
      return;
    }
    if (c >= 0xd800 && c <= 0xdfff) {
      c = 0xfffd;
    }
    if (cleans && (c == 0xfffd || isOther(c))) {
      return;
    }
    if (isWhiteSpace(c)) {
      words.endWord();
      return;
    }
    boolean chinese = splitsChinese && isChinese(c);
    if (chinese) {
      words.endWord();
    }
    if (stripsAccents) {
      String parts = Normalizer.normalize(Character.toString(c), Normalizer.Form.NFD);
      for (int i = 0; i < parts.length(); ) {
        int part = parts.codePointAt(i);
        i += Character.charCount(part);
        if (Character.getType(part) != Character.NON_SPACING_MARK) {
          lowerCased(part, words);
        }
      }
    } else {
      lowerCased(c, words);
    }
    if (chinese) {
      words.endWord();
    }
  }

  private void ascii(int c, Words words) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      words.append(c);
    } else if (c >= 'A' && c <= 'Z') {
      words.append(lowerCases ? c + 32 : c);
    } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
      if (c == 0x0b || c == 0x0c) {
        formFeed(words);
      } else {
        words.endWord();
      }
    } else if (c > ' ' && c < 0x7f) {
      words.endWord();
      words.append(c);
      words.endWord();
    } else if (!cleans) {
      words.append(c);
    }
  }

  /// Form feed and vertical tab are both white space and control characters: cleaning comes first.
  private void formFeed(Words words) {
    if (!cleans) {
      words.endWord();
    }
  }

  private void lowerCased(int c, Words words) {
    if (lowerCases && c == 0x130) {
      words.append('i');
      words.append(0x307);
      return;
    }
    int small = lowerCases ? Character.toLowerCase(c) : c;
    if (isPunctuation(small)) {
      words.endWord();
      words.append(small);
      words.endWord();
    } else if (isWhiteSpace(small)) {
      words.endWord();
    } else {
      words.append(small);
    }
  }

  private static boolean isOther(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE -> true;
      default -> false;
    };
  }

  private static boolean isWhiteSpace(int c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || Character.isSpaceChar(c);
  }

  private static boolean isPunctuation(int c) {
    if (c < 0x80) {
      return c > ' ' && c < 0x7f && !Character.isLetterOrDigit(c);
    }
    return switch (Character.getType(c)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> false;
    };
  }

  private static boolean isChinese(int c) {
    return (c >= 0x4e00 && c <= 0x9fff)
        || (c >= 0x3400 && c <= 0x4dbf)
        || (c >= 0x20000 && c <= 0x2a6df)
        || (c >= 0x2a700 && c <= 0x2b73f)
        || (c >= 0x2b740 && c <= 0x2b81f)
        || (c >= 0x2b920 && c <= 0x2ceaf)
        || (c >= 0xf900 && c <= 0xfaff)
        || (c >= 0x2f800 && c <= 0x2fa1f);
  }
}
