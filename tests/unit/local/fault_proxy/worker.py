"""A worker of a function. As a script it makes one call to DynamoDB and prints the answer or the error."""

import http.client
import sys

HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/dynamodb/aws4_request, Signature=abc",
    "X-Amz-Target": "DynamoDB_20120810.PutItem",
    "X-Amz-Date": "20260101T000000Z",
    "User-Agent": "Boto3/1.43",
    "Content-Type": "application/x-amz-json-1.0",
}
BODY = '{"TableName": "Orders-1X2Y"}'


def main(url: str, patience_seconds: float) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=patience_seconds)
    try:
        connection.request("POST", "/?a=b%2Fc", BODY, HEADERS)
        answer = connection.getresponse()
    except OSError as error:
        sys.stdout.write(type(error).__name__)
    else:
        text = answer.read().decode()
        sys.stdout.write(f"{answer.status} {answer.headers.get('X-Request-Id')} {text}")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
