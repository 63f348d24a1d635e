package org.hearth.server.services.profile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The table `profile`: one row for each open account.
///
/// **thread**: any.
public final class Profiles implements ProfileQueries, AccountCompanion {
  static final String DISPLAY_NAME = "displayname";
  static final String AVATAR_URL = "avatar_url";

  static final Table TABLE =
      new Table(
          "profile", "one row an account, under 64 KiB", "deleted when the account is erased");
  private static final int CACHE_BYTES = 4 << 20;
  private static final int ENTRY_BYTES = 300;

  /// One row.
  ///
  /// @param lengthBytes of the fields as JSON
  private record Stored(ObjectNode fields, int lengthBytes) {}

  private final ReadPool reads;
  private final Cache<UserId, Optional<Stored>> cache =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((UserId _, Optional<Stored> each) ->
              ENTRY_BYTES + each.map(stored -> 3 * stored.lengthBytes).orElse(0))
          .build();

  /// Reads from that database.
  public Profiles(ReadPool reads) {
    this.reads = reads;
  }

  @Override
  public Profile profile(UserId user) {
    return fields(user).map(Profiles::profile).orElse(Profile.EMPTY);
  }

  static Profile profile(ObjectNode fields) {
    return new Profile(text(fields, DISPLAY_NAME), text(fields, AVATAR_URL));
  }

  private static Optional<String> text(ObjectNode fields, String name) {
    return Optional.ofNullable(fields.get(name))
        .filter(JsonNode::isTextual)
        .map(JsonNode::textValue);
  }

  @Override
  public Optional<ObjectNode> fields(UserId user) {
    return Objects.requireNonNull(cache.get(user, this::read)).map(Stored::fields);
  }

  private Optional<Stored> read(UserId user) {
    return reads.first(
        "SELECT fields FROM profile WHERE user_id = ?",
        statement -> statement.setString(1, user.value()),
        row -> {
          byte[] json = row.getBytes(1);
          return new Stored(MatrixJson.restoreObject(json), json.length);
        });
  }

  /// The users whose changed profiles have not yet been written into all their rooms.
  List<UserId> spreading() {
    return reads.select(
        "SELECT user_id FROM profile WHERE is_spreading", row -> new UserId(row.getString(1)));
  }

  @Override
  public List<RowChange> opening(UserId user, Optional<String> displayName) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    displayName.ifPresent(name -> fields.put(DISPLAY_NAME, ProfileFields.checkedName(name)));
    byte[] json = MatrixJson.write(fields);
    return List.of(
        RowChange.of(
            TABLE,
            "INSERT INTO profile (user_id, fields, is_spreading) VALUES (?, ?, FALSE)",
            (statement, _) -> {
              statement.setString(1, user.value());
              statement.setBytes(2, json);
            }));
  }

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    return List.of(
        RowChange.of(
            TABLE,
            "DELETE FROM profile WHERE user_id = ?",
            (statement, _) -> statement.setString(1, user.value())));
  }

  @Override
  public void changed(UserId user) {
    cache.invalidate(user);
  }

  static RowChange update(UserId user, byte[] json, boolean spreading) {
    return RowChange.of(
        TABLE,
        "UPDATE profile SET fields = ?, is_spreading = ? WHERE user_id = ?",
        (statement, _) -> {
          statement.setBytes(1, json);
          statement.setBoolean(2, spreading);
          statement.setString(3, user.value());
        });
  }

  static RowChange hasSpread(UserId user) {
    return RowChange.of(
        TABLE,
        "UPDATE profile SET is_spreading = FALSE WHERE user_id = ?",
        (statement, _) -> statement.setString(1, user.value()));
  }
}
