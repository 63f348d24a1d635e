package org.hearth.server.logs;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.KeyDeserializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.AnnotatedParameter;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.util.function.Function;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.jspecify.annotations.Nullable;

/// How Jackson writes the parts of entries.
///
/// | part | as |
/// |---|---|
/// | identifier, membership | its text |
/// | event | in the federation format; its room version is `version` of the record that has it |
/// | change of state | the key's two parts beside `now`, `before` and `version` |
/// | name of a component | in snake case, or as its `@JsonProperty` says |
/// | null | null, or missing; refused where the component is not `@Nullable` |
final class EntryMapper {
  private static final String VERSION = "version";

  static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .annotationIntrospector(new NotNull())
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .addModule(module())
          .build();

  private EntryMapper() {}

  /// A reader of a record; if it has events, their room version is beside them.
  static <T> ObjectReader readerOf(Class<T> type, JsonNode json) {
    return MAPPER.readerFor(type).withAttribute(VERSION, json.path(VERSION).asText());
  }

  private static SimpleModule module() {
    SimpleModule module = new SimpleModule();
    text(module, UserId.class, UserId::value, UserId::parse);
    text(module, RoomId.class, RoomId::value, RoomId::parse);
    text(module, RoomAlias.class, RoomAlias::value, RoomAlias::parse);
    text(module, DeviceId.class, DeviceId::value, DeviceId::parse);
    text(module, EventId.class, EventId::value, EventId::parse);
    text(module, ServerName.class, ServerName::value, ServerName::parse);
    text(module, Membership.class, Membership::value, EntryMapper::membership);
    write(module, Pdu.class, (event, out) -> out.writeTree(event.json()));
    read(
        module,
        Pdu.class,
        (json, context) ->
            Pdu.parse(object(json), version(String.valueOf(context.getAttribute(VERSION)))));
    write(module, RoomOutput.StateChange.class, (change, out) -> out.writeTree(json(change)));
    read(module, RoomOutput.StateChange.class, (json, _) -> stateChange(object(json)));
    return module;
  }

  private static Membership membership(String word) {
    return Membership.of(word)
        .orElseThrow(() -> new IllegalArgumentException("there is no membership " + word));
  }

  private static RoomVersion version(String id) {
    return RoomVersions.of(id)
        .orElseThrow(() -> new IllegalArgumentException("the room version is not known: " + id));
  }

  private static ObjectNode object(JsonNode json) {
    if (json instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException("an object is expected, not a " + json.getNodeType());
  }

  private static ObjectNode json(RoomOutput.StateChange change) {
    ObjectNode json =
        MAPPER
            .createObjectNode()
            .put("type", change.key().type())
            .put("state_key", change.key().stateKey());
    put(json, "now", change.now());
    put(json, "before", change.before());
    return json;
  }

  private static void put(ObjectNode json, String name, @Nullable Pdu event) {
    if (event != null) {
      json.put(VERSION, event.version().id()).set(name, event.json());
    }
  }

  private static RoomOutput.StateChange stateChange(ObjectNode json) {
    return new RoomOutput.StateChange(
        new StateKey(json.required("type").asText(), json.required("state_key").asText()),
        event(json, "now"),
        event(json, "before"));
  }

  private static @Nullable Pdu event(ObjectNode json, String name) {
    return json.get(name) instanceof ObjectNode event
        ? Pdu.parse(event, version(json.path(VERSION).asText()))
        : null;
  }

  /// Demands every component of a record that is not `@Nullable`.
  private static final class NotNull extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable Boolean hasRequiredMarker(AnnotatedMember member) {
      return isDemanded(member) ? Boolean.TRUE : super.hasRequiredMarker(member);
    }

    @Override
    public JsonSetter.Value findSetterInfo(Annotated member) {
      return isDemanded(member)
          ? JsonSetter.Value.forValueNulls(Nulls.FAIL, Nulls.FAIL)
          : super.findSetterInfo(member);
    }

    private static boolean isDemanded(Annotated member) {
      return member instanceof AnnotatedParameter parameter
          && parameter.getOwner().getAnnotated() instanceof Constructor<?> constructor
          && constructor.getDeclaringClass().isRecord()
          && !constructor.getAnnotatedParameterTypes()[parameter.getIndex()].isAnnotationPresent(
              Nullable.class);
    }
  }

  // --- what Jackson wants classes for

  @FunctionalInterface
  private interface Writing<T> {
    void write(T value, JsonGenerator out) throws IOException;
  }

  @FunctionalInterface
  private interface Reading<T> {
    T read(JsonNode json, DeserializationContext context);
  }

  private static <T> void text(
      SimpleModule module, Class<T> type, Function<T, String> write, Function<String, T> read) {
    write(module, type, (value, out) -> out.writeString(write.apply(value)));
    read(module, type, (json, _) -> read.apply(json.asText()));
    module.addKeySerializer(
        type,
        new StdSerializer<>(type) {
          @Override
          public void serialize(T value, JsonGenerator out, SerializerProvider all)
              throws IOException {
            out.writeFieldName(write.apply(value));
          }
        });
    module.addKeyDeserializer(
        type,
        new KeyDeserializer() {
          @Override
          public T deserializeKey(String key, DeserializationContext context) {
            return read.apply(key);
          }
        });
  }

  private static <T> void write(SimpleModule module, Class<T> type, Writing<T> writing) {
    module.addSerializer(
        type,
        new StdSerializer<>(type) {
          @Override
          public void serialize(T value, JsonGenerator out, SerializerProvider all)
              throws IOException {
            writing.write(value, out);
          }
        });
  }

  private static <T> void read(SimpleModule module, Class<T> type, Reading<T> reading) {
    module.addDeserializer(
        type,
        new StdDeserializer<>(type) {
          @Override
          public T deserialize(JsonParser in, DeserializationContext context) throws IOException {
            return reading.read(context.readTree(in), context);
          }
        });
  }
}
