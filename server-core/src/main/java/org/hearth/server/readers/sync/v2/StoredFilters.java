package org.hearth.server.readers.sync.v2;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.readers.sync.sections.Filter;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// The filters that clients have stored.
///
/// A filter's id is made from its text, so that a client which stores the same filter at every
/// start has one; a user has at most [#MOST_FILTERS], the oldest goes first. Clients store theirs
/// again when they find them gone.
///
/// **Thread:** any.
public final class StoredFilters {
  public static final Table TABLE =
      new Table("sync_filter", "the newest 100 of a user", "an insert deletes the older ones");
  public static final int MOST_FILTERS = 100;
  static final int LARGEST_BYTES = 16 * 1024;

  /// The box in the wiring that this is a part of.
  private static final String OWNER = "ClientSync";

  private static final long CACHE_BYTES = 2L << 20;
  private static final int ID_BYTES = 12;

  private static final String INSERT =
      """
      INSERT INTO sync_filter (user_id, filter_id, created, definition)
      SELECT CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(32)), CAST(? AS BIGINT),
             CAST(? AS VARCHAR(16384) FOR BIT DATA)
      FROM SYSIBM.SYSDUMMY1
      WHERE NOT EXISTS (SELECT 1 FROM sync_filter WHERE user_id = ? AND filter_id = ?)
      """;

  private static final String DELETE_OLDER =
      """
      DELETE FROM sync_filter WHERE user_id = ? AND filter_id NOT IN (
        SELECT filter_id FROM sync_filter WHERE user_id = ?
        ORDER BY created DESC, filter_id FETCH FIRST %d ROWS ONLY)
      """
          .formatted(MOST_FILTERS);

  private static final String SELECT =
      "SELECT definition FROM sync_filter WHERE user_id = ? AND filter_id = ?";

  /// A filter under the name that tells it from the client's others.
  record Named(String name, Filter filter) {
    static final Named ALL = new Named("", Filter.ALL);
  }

  private record Key(UserId user, String id) {}

  /// @param bytes of the text it was read from
  private record Read(Named named, int bytes) {}

  private final Cache<Key, Read> cache =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((Key _, Read read) -> 500 + 8 * read.bytes())
          .build();
  private final Store store;
  private final InstantSource clock;

  public StoredFilters(Store store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /// Stores a filter.
  ///
  /// @return its id
  /// @throws MatrixException `M_BAD_JSON` if it is no filter, `M_TOO_LARGE` if it is longer than
  ///   [#LARGEST_BYTES]
  String add(UserId user, ObjectNode definition) {
    byte[] text = MatrixJson.write(definition);
    if (text.length > LARGEST_BYTES) {
      throw MatrixException.tooLarge(
          "A filter has at most %d bytes, not %d".formatted(LARGEST_BYTES, text.length));
    }
    Filter.parse(definition);
    String id = idOf(text);
    if (definition(user, id).isEmpty()) {
      long now = clock.millis();
      store
          .committer()
          .commit(
              OWNER,
              List.of(
                  RowChange.of(
                      TABLE,
                      INSERT,
                      (statement, _) -> {
                        statement.setString(1, user.value());
                        statement.setString(2, id);
                        statement.setLong(3, now);
                        statement.setBytes(4, text);
                        statement.setString(5, user.value());
                        statement.setString(6, id);
                      }),
                  RowChange.of(
                      TABLE,
                      DELETE_OLDER,
                      (statement, _) -> {
                        statement.setString(1, user.value());
                        statement.setString(2, user.value());
                      })),
              List.of());
    }
    return id;
  }

  /// The filter as it was stored.
  Optional<ObjectNode> definition(UserId user, String id) {
    return text(user, id).map(MatrixJson::restoreObject);
  }

  /// The filter that a request names: by the id of a stored one, or by the JSON itself.
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if no filter is stored under the id; else what is
  ///   wrong with the JSON
  Named named(UserId user, String parameter) {
    Key key = new Key(user, parameter);
    Read known = cache.getIfPresent(key);
    if (known == null) {
      known = parameter.startsWith("{") ? read(parameter) : stored(user, parameter);
      cache.put(key, known);
    }
    return known.named();
  }

  private static Read read(String json) {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    return new Read(new Named(idOf(text), Filter.parse(MatrixJson.parseObject(text))), text.length);
  }

  private Read stored(UserId user, String id) {
    byte[] text =
        text(user, id)
            .orElseThrow(() -> MatrixException.invalidParam("No filter is stored under that id"));
    return new Read(new Named(id, Filter.parse(MatrixJson.restoreObject(text))), text.length);
  }

  private Optional<byte[]> text(UserId user, String id) {
    return store
        .reads()
        .first(
            SELECT,
            statement -> {
              statement.setString(1, user.value());
              statement.setString(2, id);
            },
            row -> row.getBytes(1));
  }

  private static String idOf(byte[] text) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text);
      byte[] start = Arrays.copyOf(hash, ID_BYTES);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(start);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
