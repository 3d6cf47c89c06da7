package dev.jiffy.pipeline;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/// A small WordPiece `tokenizer.json`.
final class TokenizerFile {
  static final int PAD = 0;
  static final int UNKNOWN = 1;
  static final int CLS = 2;
  static final int SEP = 3;

  private static final List<String> WORDS =
      List.of(
          "hello", "world", "the", "cat", "sat", "un", "##aff", "##able", "##s", "##a", "a", "b",
          "e", "##b", "ab", "##abc", "!", ",", ".", "本", "日");

  private TokenizerFile() {}

  /// {@return the number of a word}
  static int id(String word) {
    return 4 + WORDS.indexOf(word);
  }

  /// Writes a description whose padding is fixed, as it often is in the wild.
  static void write(Path file, int maxLength) throws IOException {
    JsonMapper json = JsonMapper.shared();
    List<String> entries = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]"));
    entries.addAll(WORDS);
    StringBuilder vocabulary = new StringBuilder();
    StringBuilder added = new StringBuilder();
    for (int i = 0; i < entries.size(); i++) {
      String word = json.writeValueAsString(entries.get(i));
      vocabulary.append(i == 0 ? "" : ",").append(word).append(':').append(i);
      if (i < 4) {
        added
            .append(i == 0 ? "" : ",")
            .append(
                """
                {"id":%d,"content":%s,"single_word":false,"lstrip":false,"rstrip":false,
                 "normalized":false,"special":true}\
                """
                    .formatted(i, word));
      }
    }
    Files.writeString(
        file,
        """
        {"version":"1.0",
         "truncation":{"direction":"Right","max_length":%d,"strategy":"LongestFirst","stride":0},
         "padding":{"strategy":{"Fixed":%d},"direction":"Right","pad_to_multiple_of":null,
                    "pad_id":0,"pad_type_id":0,"pad_token":"[PAD]"},
         "added_tokens":[%s],
         "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
                       "strip_accents":null,"lowercase":true},
         "pre_tokenizer":{"type":"BertPreTokenizer"},
         "post_processor":{"type":"TemplateProcessing",
           "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},
                     {"Sequence":{"id":"A","type_id":0}},
                     {"SpecialToken":{"id":"[SEP]","type_id":0}}],
           "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},
                   {"Sequence":{"id":"A","type_id":0}},
                   {"SpecialToken":{"id":"[SEP]","type_id":0}},
                   {"Sequence":{"id":"B","type_id":1}},
                   {"SpecialToken":{"id":"[SEP]","type_id":1}}],
           "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},
                             "[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
         "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
         "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
                  "max_input_chars_per_word":10,"vocab":{%s}}}\
        """
            .formatted(maxLength, maxLength, added, vocabulary));
  }
}
