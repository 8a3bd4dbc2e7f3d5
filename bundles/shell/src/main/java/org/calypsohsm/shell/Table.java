package org.calypsohsm.shell;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;

/**
 * Shows rows to a person as aligned columns, or to a program as a JSON array.
 *
 * @param <R> type of a row
 */
final class Table<R> {

    private static final String GAP = "  ";

    private final List<Column<R>> texts = new ArrayList<>();
    private final List<Column<R>> members = new ArrayList<>();
    private final String nothing;

    private record Column<R>(String name, Function<R, ?> value) {
    }

    /**
     * Makes a table without columns.
     *
     * @param nothing what to say when there are no rows
     */
    Table(String nothing) {
        this.nothing = nothing;
    }

    /** Adds a column of the text that is a member of the JSON objects too. */
    Table<R> column(String title, String member, Function<R, ?> value) {
        return text(title, value).member(member, value);
    }

    /** Adds a column of the text only. */
    Table<R> text(String title, Function<R, ?> value) {
        texts.add(new Column<>(title, value));
        return this;
    }

    /** Adds a member of the JSON objects only. */
    Table<R> member(String name, Function<R, ?> value) {
        members.add(new Column<>(name, value));
        return this;
    }

    /** @return the rows as JSON or as text, without a line end */
    String show(boolean json, List<R> rows) {
        return json ? json(rows) : text(rows);
    }

    private String json(List<R> rows) {
        JsonArrayBuilder array = Json.createArrayBuilder();
        for (R row : rows) {
            JsonObjectBuilder object = Json.createObjectBuilder();
            members.forEach(member -> object.add(member.name(), value(member.value().apply(row))));
            array.add(object);
        }
        return array.build().toString();
    }

    private static JsonValue value(Object value) {
        if (value instanceof Collection<?> values) {
            JsonArrayBuilder array = Json.createArrayBuilder();
            values.forEach(element -> array.add(value(element)));
            return array.build();
        }
        if (value instanceof Boolean flag) {
            return flag ? JsonValue.TRUE : JsonValue.FALSE;
        }
        if (value instanceof Integer || value instanceof Long) {
            return Json.createValue(((Number) value).longValue());
        }
        return value == null ? JsonValue.NULL : Json.createValue(value.toString());
    }

    private String text(List<R> rows) {
        if (rows.isEmpty()) {
            return nothing;
        }
        List<List<String>> lines = new ArrayList<>();
        lines.add(texts.stream().map(Column::name).toList());
        rows.forEach(row -> lines.add(texts.stream().map(column -> cell(column.value().apply(row))).toList()));
        int[] widths = new int[texts.size()];
        lines.forEach(line -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        });
        return lines.stream().map(line -> aligned(line, widths)).collect(Collectors.joining("\n"));
    }

    private static String cell(Object value) {
        if (value instanceof Collection<?> values) {
            return values.isEmpty() ? "-" : values.stream().map(Object::toString).collect(Collectors.joining(" "));
        }
        return value == null ? "-" : value.toString();
    }

    private static String aligned(List<String> line, int[] widths) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            text.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length())).append(GAP);
        }
        return text.toString().stripTrailing();
    }
}
