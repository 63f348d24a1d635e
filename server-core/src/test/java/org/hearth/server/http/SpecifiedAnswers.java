package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Holds the answers that tests receive against the specification's own definitions, where these
/// are: the folder that the property `matrix.definitions` names, or `shared/matrix-spec/data/api`
/// beside the project. Where they are not, nothing is checked.
///
/// An answer is checked if there is a definition of its method, path and status; an error is right
/// if it is what is defined, or any error of the API.
///
/// **Thread:** any.
public final class SpecifiedAnswers {
  private static final Path BESIDE = Path.of("shared", "matrix-spec", "data", "api");
  private static final Pattern PATH = Pattern.compile("^ {2}[\"']?(/[^\"':\\s]*)[\"']?:\\s*$");
  private static final Pattern BASE_PATH = Pattern.compile("^\\s+default: (/\\S*)\\s*$");
  private static final Set<String> METHODS = Set.of("GET", "PUT", "POST", "DELETE");
  private static final String JSON = "application/json";
  private static final String REF = "$ref";
  private static final String V3 = "/_matrix/client/v3/";

  private static final Optional<SpecifiedAnswers> THERE = folder().map(SpecifiedAnswers::new);

  private final ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
  private final SchemaRegistry registry =
      SchemaRegistry.withDefaultDialect(
          Dialects.getOpenApi31(),
          builder ->
              builder.resourceLoaders(
                  loaders -> loaders.add(iri -> () -> Files.newInputStream(file(iri.toString())))));
  private final List<Operation> operations;
  private final Map<Path, JsonNode> files = new ConcurrentHashMap<>();
  private final Map<String, Optional<Schema>> schemas = new ConcurrentHashMap<>();
  private final Schema error;

  /// What any operation may answer that asks users to prove who they are.
  private final Schema challenge;

  /// A path of a file.
  ///
  /// @param path as it stands in the file
  /// @param segments of the whole path, with the names of parameters in braces
  private record Operation(Path file, String path, List<String> segments) {
    boolean matches(List<String> asked) {
      if (asked.size() != segments.size()) {
        return false;
      }
      for (int i = 0; i < asked.size(); i++) {
        if (!isParameter(segments.get(i)) && !segments.get(i).equals(asked.get(i))) {
          return false;
        }
      }
      return true;
    }

    String whole() {
      return String.join("/", segments);
    }

    long parameters() {
      return segments.stream().filter(Operation::isParameter).count();
    }

    private static boolean isParameter(String segment) {
      return segment.startsWith("{");
    }
  }

  private SpecifiedAnswers(Path folder) {
    operations =
        Stream.of("client-server", "server-server")
            .flatMap(each -> operationsIn(folder.resolve(each)).stream())
            .toList();
    Path definitions = folder.resolve("client-server/definitions");
    error = schema(definitions.resolve("errors/error.yaml"));
    challenge = schema(definitions.resolve("auth_response.yaml"));
  }

  private static Optional<Path> folder() {
    String named = System.getProperty("matrix.definitions");
    Stream<Path> candidates =
        named != null
            ? Stream.of(Path.of(named))
            : Stream.of(Path.of(".."), Path.of("..", "..")).map(each -> each.resolve(BESIDE));
    return candidates.filter(Files::isDirectory).map(Path::toAbsolutePath).findFirst();
  }

  /// Checks an answer.
  ///
  /// @param target the path that was asked for, and perhaps a query
  /// @param contentType empty if the answer had none
  /// @throws AssertionError with all that is not as it is defined
  public static void check(
      String method, String target, int status, String contentType, JsonNode body) {
    THERE.ifPresent(each -> {
      List<String> wrong =
          each.violations(method, target, status, contentType, body).stream()
              .filter(violation -> !isDeparture(target, violation))
              .toList();
      if (!wrong.isEmpty()) {
        throw new AssertionError(
            "%s %s was answered with %d %s, which is not as specified:\n  %s"
                .formatted(method, target, status, body, String.join("\n  ", wrong)));
      }
    });
  }

  /// Whether there is anything to check against.
  public static boolean areThere() {
    return THERE.isPresent();
  }

  /// All that is defined in a folder: methods and paths. Only where the definitions are.
  public static List<String> operations(String folder) {
    SpecifiedAnswers there = THERE.orElseThrow();
    return there.operations.stream()
        .filter(each -> Objects.requireNonNull(each.file().getParent()).endsWith(folder))
        .flatMap(each -> there.methods(each).map(method -> method + " " + each.whole()))
        .toList();
  }

  private Stream<String> methods(Operation operation) {
    return yaml(operation.file())
        .path("paths")
        .path(operation.path())
        .propertyStream()
        .map(Map.Entry::getKey)
        .map(each -> each.toUpperCase(Locale.ROOT))
        .filter(METHODS::contains);
  }

  /// What is wrong with an answer; empty if nothing is, or nothing is defined.
  List<String> violations(
      String method, String target, int status, String contentType, JsonNode body) {
    List<String> fewest = List.of();
    boolean json = contentType.startsWith(JSON);
    for (Operation each : matching(target)) {
      Optional<Schema> schema = schema(each, method, status);
      if (schema.isEmpty()) {
        continue;
      }
      List<String> wrong =
          json ? errors(schema.get(), body) : List.of("expected JSON, got " + contentType);
      if (wrong.isEmpty()) {
        return List.of();
      }
      fewest = fewest.isEmpty() || wrong.size() < fewest.size() ? wrong : fewest;
    }
    if (status >= 400 && json && target.startsWith("/_matrix/")) {
      boolean asksForMore = status == 401 && body.has("flows");
      List<String> asAnyError = errors(asksForMore ? challenge : error, body);
      return asAnyError.isEmpty() ? List.of() : fewest.isEmpty() ? asAnyError : fewest;
    }
    return fewest;
  }

  private static List<String> errors(Schema schema, JsonNode body) {
    return schema.validate(body).stream().map(Object::toString).distinct().toList();
  }

  /// What Hearth answers otherwise, on purpose.
  ///
  /// @param what found in a violation
  private record Departure(String path, String what) {}

  private static final List<Departure> DEPARTURES =
      List.of(
          // Where there is no TURN server: no client takes an empty list of addresses for "none".
          new Departure("/voip/turnServer", "required property"),
          // Clients are told what clients have stored.
          new Departure("/room_keys/", "/algorithm: does not have a value in the enum"),
          new Departure("/room_keys/", "_data: string found, object expected"),
          // The event is the one that was sent, and no event of today has an `origin`. What comes
          // in the first version's pair is told apart by its place only.
          new Departure("/_matrix/federation/v2/invite/", "'origin' not found"),
          new Departure("/_matrix/federation/v1/invite/", "'origin' not found"),
          new Departure("/_matrix/federation/v1/invite/", "/1: object found, integer expected"),
          // Who types and who has read is in the old stream, too, and is no event of a room.
          new Departure("/v3/events?", "/chunk/"),
          // What servers say of their users' devices is told as they say it: clients check it.
          new Departure("/keys/query", "'signatures' not found"),
          new Departure("/keys/claim", "/one_time_keys/"),
          // A whole event is an object, as the content of any event may be: it fits both kinds.
          new Departure("format=event", "one and only one schema, but 2 are valid"),
          // Who asks for some fields of events gets those.
          new Departure("event_fields", "required property"),
          // Who asks for the format of servers gets no format of clients.
          new Departure("event_format%22%3A%22federation", "required property"));

  private static boolean isDeparture(String path, String violation) {
    return DEPARTURES.stream()
        .anyMatch(each -> path.contains(each.path()) && violation.contains(each.what()));
  }

  // --- operations

  /// The definitions of a path: several files may tell of the same one.
  private List<Operation> matching(String target) {
    String path = target.replaceFirst("\\?.*", "").replaceFirst("^/_matrix/client/r0/", V3);
    List<String> asked = List.of(path.split("/", -1));
    List<Operation> matching = operations.stream().filter(each -> each.matches(asked)).toList();
    long fewest = matching.stream().mapToLong(Operation::parameters).min().orElse(0);
    return matching.stream().filter(each -> each.parameters() == fewest).toList();
  }

  private static List<Operation> operationsIn(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(each -> each.toString().endsWith(".yaml"))
          .sorted(Comparator.naturalOrder())
          .flatMap(each -> operationsOf(each).stream())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The paths of a file, found without reading all of its YAML.
  private static List<Operation> operationsOf(Path file) {
    List<String> paths = new ArrayList<>();
    String base = "";
    try {
      for (String line : Files.readAllLines(file)) {
        Matcher path = PATH.matcher(line);
        if (path.matches()) {
          paths.add(path.group(1));
        }
        Matcher basePath = BASE_PATH.matcher(line);
        if (basePath.matches()) {
          base = basePath.group(1);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String prefix = base;
    return paths.stream()
        .map(each -> new Operation(file, each, List.of((prefix + each).split("/", -1))))
        .toList();
  }

  // --- schemas

  private Optional<Schema> schema(Operation operation, String method, int status) {
    String key = operation.file() + " " + operation.path() + " " + method + " " + status;
    return schemas.computeIfAbsent(key, _ -> read(operation, method, status));
  }

  private Optional<Schema> read(Operation operation, String method, int status) {
    JsonNode schema =
        yaml(operation.file())
            .path("paths")
            .path(operation.path())
            .path(method.toLowerCase(Locale.ROOT))
            .path("responses")
            .path(String.valueOf(status))
            .path("content")
            .path(JSON)
            .path("schema");
    if (schema.isMissingNode()) {
      return Optional.empty();
    }
    // The file is what references are relative to; the rest tells one part of it from another.
    String place = operation.file().toUri() + "?" + schemas.size();
    JsonNode whole = schema.deepCopy();
    whole.findParents(REF).forEach(each -> anchor((ObjectNode) each, operation.file()));
    return Optional.of(registry.getSchema(SchemaLocation.of(place), whole));
  }

  /// What a part of a file refers to in the same file, is found from elsewhere too.
  private static void anchor(ObjectNode node, Path file) {
    String reference = node.path(REF).asText();
    if (reference.startsWith("#")) {
      node.put(REF, file.toUri() + reference);
    }
  }

  private Schema schema(Path file) {
    return registry.getSchema(SchemaLocation.of(file.toUri() + "?whole"), yaml(file));
  }

  private JsonNode yaml(Path file) {
    return files.computeIfAbsent(
        file,
        _ -> {
          try {
            return yaml.readTree(file.toFile());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static Path file(String iri) {
    return Path.of(URI.create(iri.replaceFirst("\\?.*", "")));
  }
}
