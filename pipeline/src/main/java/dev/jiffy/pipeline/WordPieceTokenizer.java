package dev.jiffy.pipeline;

import dev.jiffy.engine.ModelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// BERT's tokenizer: words between white space and punctuation, each cut into the longest pieces of
/// the vocabulary.
///
/// One pass over the text, which stops where the tokens are as many as are kept. Gives the tokens
/// of the Hugging Face library for the description `WordPiece` with `BertNormalizer` and
/// `BertPreTokenizer`. Source: Wu et al., Google's Neural Machine Translation System, 2016; the
/// normalisation of Devlin et al., BERT, 2018.
final class WordPieceTokenizer implements TextTokenizer {
  private final Vocabulary vocabulary;
  private final BertCharacters characters;
  private final List<Added> added;
  private final int unknown;
  private final int maxWordLength;
  private final Template template;
  private final int maxTokens;

  /// A token that is found as it stands in the text, before all else.
  private record Added(String content, int id) {}

  /// The special tokens around a text, and the segments of all.
  private record Template(
      List<Integer> before, List<Integer> after, List<Integer> types, int textType) {
    int size() {
      return before.size() + after.size();
    }
  }

  private WordPieceTokenizer(
      Vocabulary vocabulary,
      BertCharacters characters,
      List<Added> added,
      int unknown,
      int maxWordLength,
      Template template,
      int maxTokens) {
    this.vocabulary = vocabulary;
    this.characters = characters;
    this.added = added;
    this.unknown = unknown;
    this.maxWordLength = maxWordLength;
    this.template = template;
    this.maxTokens = maxTokens;
  }

  /// {@return the tokenizer, or null where the description asks for another kind}
  ///
  /// @throws ModelException if the description is malformed
  static @Nullable WordPieceTokenizer open(TextSettings settings) {
    JsonNode root = settings.tokenizer();
    JsonNode model = root.path("model");
    JsonNode normalizer = root.path("normalizer");
    boolean truncatesRight =
        root.path("truncation").path("direction").asString("Right").equals("Right");
    List<Added> added = added(root.path("added_tokens"));
    Template template = template(root.path("post_processor"));
    if (!model.path("type").asString("").equals("WordPiece")
        || !normalizer.path("type").asString("").equals("BertNormalizer")
        || !root.path("pre_tokenizer").path("type").asString("").equals("BertPreTokenizer")
        || !truncatesRight
        || added == null
        || template == null
        || settings.maxTokens() <= template.size()) {
      return null;
    }
    String prefix = model.path("continuing_subword_prefix").asString("##");
    Vocabulary vocabulary = new Vocabulary();
    for (Map.Entry<String, JsonNode> entry : model.path("vocab").properties()) {
      String text = entry.getKey();
      boolean continues = text.startsWith(prefix) && text.length() > prefix.length();
      vocabulary.add(
          continues ? Vocabulary.PIECE : Vocabulary.WORD,
          continues ? text.substring(prefix.length()) : text,
          entry.getValue().asInt());
    }
    JsonNode unknown = model.path("vocab").path(model.path("unk_token").asString("[UNK]"));
    if (!unknown.isInt()) {
      throw new ModelException(
          "%s: the vocabulary lacks its unknown token".formatted(settings.tokenizerFile()));
    }
    boolean lowerCase = normalizer.path("lowercase").asBoolean(true);
    return new WordPieceTokenizer(
        vocabulary,
        new BertCharacters(
            normalizer.path("clean_text").asBoolean(true),
            normalizer.path("handle_chinese_chars").asBoolean(true),
            normalizer.path("strip_accents").asBoolean(lowerCase),
            lowerCase),
        added,
        unknown.intValue(),
        model.path("max_input_chars_per_word").asInt(100),
        template,
        settings.maxTokens());
  }

  /// {@return the added tokens, longest first, or null if one of them is not found by its text
  /// alone}
  private static @Nullable List<Added> added(JsonNode tokens) {
    List<Added> added = new ArrayList<>();
    for (JsonNode token : tokens) {
      String content = token.path("content").asString("");
      boolean plain =
          !token.path("single_word").asBoolean(false)
              && !token.path("lstrip").asBoolean(false)
              && !token.path("rstrip").asBoolean(false)
              && !token.path("normalized").asBoolean(false);
      if (!plain || content.isEmpty()) {
        return null;
      }
      added.add(new Added(content, token.path("id").asInt()));
    }
    added.sort((a, b) -> Integer.compare(b.content().length(), a.content().length()));
    return List.copyOf(added);
  }

  private static @Nullable Template template(JsonNode processor) {
    List<Integer> before = new ArrayList<>();
    List<Integer> after = new ArrayList<>();
    List<Integer> types = new ArrayList<>();
    int textType = 0;
    boolean seen = false;
    if (processor.path("type").asString("").equals("BertProcessing")) {
      before.add(processor.path("cls").path(1).asInt());
      after.add(processor.path("sep").path(1).asInt());
      return new Template(before, after, List.of(0, 0), 0);
    }
    if (!processor.path("type").asString("").equals("TemplateProcessing")) {
      return null;
    }
    for (JsonNode piece : processor.path("single")) {
      JsonNode special = piece.path("SpecialToken");
      JsonNode sequence = piece.path("Sequence");
      if (sequence.isObject()) {
        if (seen) {
          return null;
        }
        seen = true;
        textType = sequence.path("type_id").asInt(0);
      }
      JsonNode ids =
          processor.path("special_tokens").path(special.path("id").asString("")).path("ids");
      for (JsonNode id : ids) {
        (seen ? after : before).add(id.asInt());
        types.add(special.path("type_id").asInt(0));
      }
    }
    return seen ? new Template(before, after, types, textType) : null;
  }

  @Override
  public Tokens encode(String text) {
    Pass pass = new Pass(maxTokens - template.size());
    for (int i = 0; i < text.length() && !pass.full(); ) {
      Added token = addedAt(text, i);
      if (token != null) {
        pass.endWord();
        pass.emit(token.id());
        i += token.content().length();
        continue;
      }
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      characters.read(c, pass);
    }
    pass.endWord();
    return template(pass);
  }

  private @Nullable Added addedAt(String text, int index) {
    char first = text.charAt(index);
    for (Added token : added) {
      if (token.content().charAt(0) == first && text.startsWith(token.content(), index)) {
        return token;
      }
    }
    return null;
  }

  private Tokens template(Pass pass) {
    int before = template.before().size();
    int[] ids = new int[pass.count + template.size()];
    for (int i = 0; i < before; i++) {
      ids[i] = template.before().get(i);
    }
    System.arraycopy(pass.ids, 0, ids, before, pass.count);
    for (int i = 0; i < template.after().size(); i++) {
      ids[before + pass.count + i] = template.after().get(i);
    }
    int[] types = null;
    if (template.textType() != 0 || template.types().stream().anyMatch(type -> type != 0)) {
      types = new int[ids.length];
      Arrays.fill(types, template.textType());
      for (int i = 0; i < template.size(); i++) {
        types[i < before ? i : i + pass.count] = template.types().get(i);
      }
    }
    return new Tokens(ids, types);
  }

  @Override
  public void close() {}

  /// The tokens of one text as they come, and the word that is being read.
  private final class Pass implements BertCharacters.Words {
    private final int limit;
    private final int[] word = new int[maxWordLength];
    private int[] ids = new int[32];
    private int count;
    private int wordLength;

    Pass(int limit) {
      this.limit = limit;
    }

    boolean full() {
      return count >= limit;
    }

    void emit(int id) {
      if (count == limit) {
        return;
      }
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count++] = id;
    }

    @Override
    public void append(int c) {
      if (wordLength < maxWordLength) {
        word[wordLength] = c;
      }
      wordLength = Math.min(wordLength, maxWordLength) + 1;
    }

    @Override
    public void endWord() {
      if (wordLength == 0) {
        return;
      }
      if (wordLength > maxWordLength || !pieces()) {
        emit(unknown);
      }
      wordLength = 0;
    }

    /// Emits the pieces of the word; none and false if it does not consist of pieces.
    private boolean pieces() {
      int first = count;
      int root = Vocabulary.WORD;
      for (int from = 0; from < wordLength; ) {
        int node = root;
        int id = -1;
        int end = from;
        for (int i = from; i < wordLength; i++) {
          node = vocabulary.next(node, word[i]);
          if (node < 0) {
            break;
          }
          if (vocabulary.id(node) >= 0) {
            id = vocabulary.id(node);
            end = i + 1;
          }
        }
        if (id < 0) {
          count = first;
          return false;
        }
        emit(id);
        from = end;
        root = Vocabulary.PIECE;
      }
      return true;
    }
  }
}
