package dev.jiffy.server.store;

import dev.jiffy.engine.ModelException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// A mapping of a YAML file. What is wrong in it is told with the file's name and the line.
///
/// Only maps, lists and scalars are read; nothing in the file makes an object of a class that it
/// names.
public final class YamlMap {
  private static final int MAX_BYTES = 1 << 20;

  private final String file;
  private final int line;
  private final Map<String, Node> values = new LinkedHashMap<>();

  private YamlMap(String file, int line) {
    this.file = file;
    this.line = line;
  }

  /// {@return the mapping in a file, without entries if the file says nothing}
  ///
  /// @param file the file
  /// @throws ModelException if it cannot be read, is no YAML, or no mapping
  public static YamlMap read(Path file) {
    try {
      long bytes = Files.size(file);
      if (bytes > MAX_BYTES) {
        throw new ModelException(
            "%s: expected at most %d bytes, got %d".formatted(file, MAX_BYTES, bytes));
      }
      return of(file.toString(), Files.readString(file));
    } catch (CharacterCodingException e) {
      throw new ModelException(file + ": expected UTF-8", e);
    } catch (IOException e) {
      throw new ModelException(file + ": cannot be read: " + e, e);
    }
  }

  /// {@return the mapping in a text}
  ///
  /// @param file what the text is called where it is wrong
  /// @param text the text
  /// @throws ModelException if it is no YAML, or no mapping
  public static YamlMap of(String file, String text) {
    LoadSettings settings =
        LoadSettings.builder().setLabel(file).setAllowDuplicateKeys(false).build();
    Optional<Node> root;
    try {
      root =
          new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text)))
              .getSingleNode();
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
      throw new ModelException("%s:%d: no YAML: %s".formatted(file, line, e.getProblem()), e);
    } catch (YamlEngineException e) {
      throw new ModelException(file + ": no YAML: " + e.getMessage(), e);
    }
    return root.isEmpty() ? new YamlMap(file, 1) : of(file, root.get(), "the file");
  }

  private static YamlMap of(String file, Node node, String what) {
    if (!(node instanceof MappingNode mapping)) {
      throw new ModelException(
          "%s:%d: %s: expected KEY: VALUE, got %s".formatted(file, line(node), what, text(node)));
    }
    YamlMap map = new YamlMap(file, line(node));
    for (NodeTuple entry : mapping.getValue()) {
      if (!(entry.getKeyNode() instanceof ScalarNode key)) {
        throw new ModelException("%s:%d: a key is a word".formatted(file, line(node)));
      }
      if (map.values.put(key.getValue(), entry.getValueNode()) != null) {
        throw new ModelException(
            "%s:%d: %s: said twice".formatted(file, line(key), key.getValue()));
      }
    }
    return map;
  }

  private static int line(Node node) {
    return node.getStartMark().map(Mark::getLine).orElse(0) + 1;
  }

  private static String text(Node node) {
    return switch (node) {
      case ScalarNode scalar -> "'" + scalar.getValue() + "'";
      case SequenceNode _ -> "a list";
      default -> "a mapping";
    };
  }

  /// {@return a failure that names the file and the line of a key, or of the mapping}
  ///
  /// @param key the key, which may not be there
  /// @param what what is wrong
  public ModelException wrong(String key, String what) {
    Node node = values.get(key);
    return new ModelException(
        "%s:%d: %s: %s".formatted(file, node == null ? line : line(node), key, what));
  }

  private ModelException wrong(String key, String expected, Node got) {
    return wrong(key, "expected %s, got %s".formatted(expected, text(got)));
  }

  /// {@return the keys, in the file's order}
  public Set<String> keys() {
    return values.keySet();
  }

  /// Checks that there are no other keys.
  ///
  /// @param known the keys that are known
  /// @throws ModelException if there is another
  public void allow(Set<String> known) {
    for (String key : values.keySet()) {
      if (!known.contains(key)) {
        throw wrong(key, "expected one of %s".formatted(known.stream().sorted().toList()));
      }
    }
  }

  /// {@return whether the value is a mapping, rather than a scalar or a list}
  ///
  /// @param key the key
  public boolean isMap(String key) {
    return values.get(key) instanceof MappingNode;
  }

  /// {@return whether the value is a list}
  ///
  /// @param key the key
  public boolean isList(String key) {
    return values.get(key) instanceof SequenceNode;
  }

  /// {@return the text of a scalar, or what else is given where the key is not there}
  ///
  /// @param key the key
  /// @param otherwise the text without the key
  /// @throws ModelException if the value is no scalar
  public String text(String key, String otherwise) {
    Node node = values.get(key);
    if (node == null) {
      return otherwise;
    }
    if (!(node instanceof ScalarNode scalar)) {
      throw wrong(key, "one word or number", node);
    }
    return scalar.getValue();
  }

  /// {@return a whole number}
  ///
  /// @param key the key
  /// @param least the least that is allowed
  /// @param most the most
  /// @param otherwise the number without the key
  /// @throws ModelException if the value is no such number
  public long whole(String key, long least, long most, long otherwise) {
    Node node = values.get(key);
    return node == null ? otherwise : whole(key, node, least, most);
  }

  private long whole(String key, Node node, long least, long most) {
    if (node instanceof ScalarNode scalar) {
      try {
        long number = Long.parseLong(scalar.getValue());
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException _) {
        // told below
      }
    }
    throw wrong(
        key,
        most == Long.MAX_VALUE
            ? "a whole number of at least %d".formatted(least)
            : "a whole number from %d to %d".formatted(least, most),
        node);
  }

  /// {@return a number}
  ///
  /// @param key the key
  /// @param least the least that is allowed
  /// @param most the most
  /// @param otherwise the number without the key
  /// @throws ModelException if the value is no such number
  public double decimal(String key, double least, double most, double otherwise) {
    Node node = values.get(key);
    if (node == null) {
      return otherwise;
    }
    if (node instanceof ScalarNode scalar) {
      try {
        double number = Double.parseDouble(scalar.getValue());
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException _) {
        // told below
      }
    }
    throw wrong(key, "a number from %s to %s".formatted(least, most), node);
  }

  /// {@return a truth value}
  ///
  /// @param key the key
  /// @param otherwise the value without the key
  /// @throws ModelException if the value is neither `true` nor `false`
  public boolean flag(String key, boolean otherwise) {
    Node node = values.get(key);
    if (node == null) {
      return otherwise;
    }
    return switch (node instanceof ScalarNode scalar ? scalar.getValue() : "") {
      case "true" -> true;
      case "false" -> false;
      default -> throw wrong(key, "true or false", node);
    };
  }

  /// {@return a list of whole numbers}
  ///
  /// @param key the key, which is there
  /// @param least the least that is allowed
  /// @throws ModelException if the value is no such list
  public List<Long> wholes(String key, long least) {
    List<Long> numbers = new ArrayList<>();
    for (Node node : list(key)) {
      numbers.add(whole(key, node, least, Long.MAX_VALUE));
    }
    return numbers;
  }

  /// {@return a list of words}
  ///
  /// @param key the key, which is there
  /// @throws ModelException if the value is no such list
  public List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    for (Node node : list(key)) {
      if (!(node instanceof ScalarNode scalar)) {
        throw wrong(key, "words", node);
      }
      texts.add(scalar.getValue());
    }
    return texts;
  }

  /// {@return a list of mappings}
  ///
  /// @param key the key, which is there
  /// @throws ModelException if the value is no such list
  public List<YamlMap> maps(String key) {
    return list(key).stream().map(node -> of(file, node, key)).toList();
  }

  private List<Node> list(String key) {
    Node node = values.get(key);
    if (!(node instanceof SequenceNode sequence)) {
      throw node == null ? wrong(key, "is missing") : wrong(key, "a list", node);
    }
    return sequence.getValue();
  }

  /// {@return a mapping, null where the key is not there}
  ///
  /// @param key the key
  /// @throws ModelException if the value is no mapping
  public @Nullable YamlMap map(String key) {
    Node node = values.get(key);
    return node == null ? null : of(file, node, key);
  }
}
