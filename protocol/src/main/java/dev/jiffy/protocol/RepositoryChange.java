package dev.jiffy.protocol;

import java.util.Map;

/// What a request to load or unload a model says: the protocol's extension `model_repository`.
///
/// @param model the model's name, empty where the path says it
/// @param dependents whether what the model is made of is meant as well
public record RepositoryChange(String model, boolean dependents) {
  private static final String DEPENDENTS = "unload_dependents";

  /// {@return what a body says}
  ///
  /// @param body the JSON, or nothing
  /// @throws ProtocolException if it is no such JSON, or has a parameter that is not supported
  public static RepositoryChange fromJson(byte[] body) {
    if (body.length == 0) {
      return new RepositoryChange("", false);
    }
    Map<String, Parameter> parameters =
        Json.read(
            body,
            body.length,
            Limits.defaults(),
            json -> {
              Map<String, Parameter> read = Map.of();
              Json.startObject(json, "the request");
              for (String field = json.nextName(); field != null; field = json.nextName()) {
                json.nextToken();
                if (field.equals("parameters")) {
                  read = Json.parameters(json, Limits.defaults(), RepositoryChange::checkName);
                } else {
                  json.skipChildren();
                }
              }
              return read;
            });
    return of("", parameters);
  }

  /// {@return what a message `RepositoryModelLoadRequest` or `RepositoryModelUnloadRequest` says}
  ///
  /// @param bytes the message
  /// @throws ProtocolException if it is malformed, or has a parameter that is not supported
  public static RepositoryChange fromWire(byte[] bytes) {
    WireReader message = new WireReader(bytes);
    String model = "";
    Map<String, Parameter> parameters = Map.of();
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 2 -> {
          message.expect(tag, WireReader.LENGTH, "model_name");
          model = message.text("model_name", Limits.defaults().maxNameLength());
        }
        case 3 -> {
          message.expect(tag, WireReader.LENGTH, "parameters");
          parameters =
              WireParameters.add(
                  parameters, message.message(), Limits.defaults(), RepositoryChange::checkName);
        }
        default -> message.skip(tag);
      }
    }
    return of(model, parameters);
  }

  /// Checks a parameter's name before its value is read: a file has values of a kind, and a size,
  /// that no other parameter has.
  private static void checkName(String name) {
    if (!name.equals(DEPENDENTS)) {
      throw new ProtocolException(
          501,
          "parameter '%s' is not supported: models and how they are served lie in the repository"
              .formatted(ProtocolException.shortened(name)));
    }
  }

  private static RepositoryChange of(String model, Map<String, Parameter> parameters) {
    boolean dependents = false;
    for (Parameter parameter : parameters.values()) {
      if (!(parameter instanceof Parameter.Flag(boolean value))) {
        throw new ProtocolException(
            400, "parameter '%s' must be true or false".formatted(DEPENDENTS));
      }
      dependents = value;
    }
    return new RepositoryChange(model, dependents);
  }
}
